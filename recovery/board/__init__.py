"""TaskFlow's boards, persistence and conductors: the only package that knows them."""
