"""One national unit's service: cases, courier, officers, pages. It reaches the hub over HTTP only."""
