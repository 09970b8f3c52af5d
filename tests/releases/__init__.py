"""Deploys, simulated: releases of a changing site, the servers that have them, and the clients that ask for them."""
