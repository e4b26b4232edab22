"""The servers that `compare_servers` compares, each a program that prints its port, and the program that loads them."""
