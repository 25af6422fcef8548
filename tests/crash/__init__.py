"""Faults on purpose: kills, power loss, full disks, many processes, flipped bits, and stock git in between."""
