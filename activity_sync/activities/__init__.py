"""What an activity is, whichever CRM it came from: values only, no I/O."""
