"""Real products on loopback: installed, configured, seeded, recorded, and stopped by the pid that was started."""
