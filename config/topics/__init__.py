"""The topics that mail which belongs elsewhere is about, and the words they are known by."""
