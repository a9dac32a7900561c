"""From a document to its `Extraction`, stage after stage; `document` is where it begins."""
