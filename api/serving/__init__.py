"""How the HTTP process talks to its clients: patient with the slow, for as long as they take nobody's place."""
