"""The papers that a mail carries, also inside other papers, and a mail read to its end."""
