"""What is painted over a picture: stylizers, chains of them, and the files they paint."""
