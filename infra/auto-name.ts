/** How many characters Pulumi adds to make a name unique: a hyphen and seven digits. */
export const AUTO_NAME_SUFFIX = "-1234567".length;
