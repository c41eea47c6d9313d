"""The human text of a licence, made from the same terms that a machine decides by, in English and Korean."""
