"""Nothing: Bodhi imports the bindings of librepo, and uses them on repositories that Pungi has made."""
