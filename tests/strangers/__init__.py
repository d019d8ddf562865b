"""The lab's stand-in for Cloudflare's API, held against clients that others wrote."""
