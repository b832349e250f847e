"""What people see: text pages, tables, machine formats. Nothing is decided or computed here."""
