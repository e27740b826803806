"""Parts of `assist-server bench`: traces, a measured server, figures, a report."""
