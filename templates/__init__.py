"""The templates of letters and documents. Data only: no Python logic lives here."""
