"""A hotel's desk, which the local model was not made for: tools, help center and conversations of another business."""
