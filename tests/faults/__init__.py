"""What must hold when the machine does not: processes killed at any moment, disks that are full, files damaged."""
