"""Who may see the pages, and who may decide there?"""
