"""OneCloud CX, a Bright Pattern contact centre."""
