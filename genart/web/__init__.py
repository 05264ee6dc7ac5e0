"""What all web servers of genart share."""
