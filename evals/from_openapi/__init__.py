"""The example shop connected from its OpenAPI document alone, against the scenarios of its hand-written tools."""
