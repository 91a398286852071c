"""What a message of the bus says: the packages that it names, its details, its sentence.  It knows no bus and no query."""
