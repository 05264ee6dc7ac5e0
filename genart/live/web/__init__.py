"""The page in the browser and OSCQuery, on one web server."""
