"""Where settings come from: the environment, or a profile; never a mixture.

folder     the user's configuration folder
file       the file of profiles, read and written
source     which of the two it is, and its values
"""
