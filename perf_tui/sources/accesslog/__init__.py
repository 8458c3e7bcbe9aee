"""Access logs of web servers: followed as they grow, recognised by their lines, counted without keeping them."""
