"""The pages that go with proof."""
