"""What the checked code defines: functions, classes, instances, modules."""
