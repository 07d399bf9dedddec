"""The pages for the people who run the adapter: one module and one template for each."""
