"""Request Forms of invented people, filled, printed and scanned in every way they arrive.

`people`    what a person writes in each field, and the values that are meant, from a seed; out of
            `wordings`, in their `spellings`
`fill`      the filled form as different programs make it
`prints`    the filled form printed to PDF or flattened
`scans`     the filled form as pictures: scanned, faxed, photographed; `handwriting`, with a pen
`xfa`       the filled form as XFA, alone or beside ordinary fields
`variants`  all of these by name, for the bench and for tests
`compare`   what was read beside what was meant
"""
