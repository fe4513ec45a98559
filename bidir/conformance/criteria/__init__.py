"""The requirement's own success criteria, measured: success rate, added latency, no regression, clear messages."""
