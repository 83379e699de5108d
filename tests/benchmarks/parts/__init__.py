"""Single parts of dialer as programs of their own, so that their time and memory are nobody else's."""
