-- The number of this installation, which is in every guid it gives out.
SELECT number FROM installation
