"""What a message of the bus says: which packages it names, its details and its sentence.  No bus and no query is known here."""
