"""Published standards of the field as pure functions: codes, regions, calendar, money, dates, names, redaction.

Nothing here knows Django, a database or a clock; the only input besides arguments is the package's own data
files (``xinyong/datapacks/standards``, origins in its ``SOURCE.md``). Import the module you need:

=======================  ==========================================================================
``credit_code``          unified social credit code (GB 32100-2015): check, diagnosis, repair
``credit_code_bulk``     the same verdicts for a whole column
``organisation_code``    organisation code (GB 11714)
``registration_number``  registration numbers before the credit code (GS15-2006 and older forms)
``resident_id``          shape and check of resident identity numbers, to refuse and mask them
``regions``              county-and-above region codes 1981 to now, with lifetimes and successors
``industries``           GB/T 4754-2017 sections and divisions
``entity_types``         enterprise types, subject kinds, registration statuses and their behaviour
``calendar``             working days, and the ends of periods under the Civil Code
``money``                amounts in 万元 as exact decimals
``dates``                dates as departments write them, with sentinels
``names``                matching keys of names
``redaction``            masking of personal numbers in free text
=======================  ==========================================================================
"""
