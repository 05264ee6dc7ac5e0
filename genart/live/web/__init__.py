"""The page in the browser, and OSCQuery, on one small server."""
