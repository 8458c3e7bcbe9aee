"""Where alerts go beside the screen: files, commands, webhooks, Alertmanager, mail, syslog, a heartbeat."""
