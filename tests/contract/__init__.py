"""What a connector does, tried on the lab's stand-in, and on the genuine cloudflared where there is one."""
