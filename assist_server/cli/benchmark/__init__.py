"""Parts of `assist-server bench`: traces, a server under test, measurements, a report."""
