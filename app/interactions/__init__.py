"""What vendors call back about: buttons that people press outside."""
