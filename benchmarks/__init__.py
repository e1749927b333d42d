"""Side by side with the other tools: the same inputs, taken in turn, judged before they are timed."""
