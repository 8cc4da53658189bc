"""How sure a finish is: samples of how long work takes."""
