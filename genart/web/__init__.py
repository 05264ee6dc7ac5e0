"""What every web server here shares."""
