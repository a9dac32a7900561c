"""What a page shows: its words by either reader of the text layer, its picture, its ink."""
