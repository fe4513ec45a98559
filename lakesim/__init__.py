"""An emulator of Sanity's Content Lake, in process and over HTTP."""
