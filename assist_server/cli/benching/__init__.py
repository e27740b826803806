"""What `assist-server bench` is made of: traces, a server under measurement, figures, a report."""
