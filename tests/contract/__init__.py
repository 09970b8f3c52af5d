"""One contract of request → answer, held by every adapter on every server (docs: HTTP semantics, RFC 9110)."""
