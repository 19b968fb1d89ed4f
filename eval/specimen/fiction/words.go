package fiction

// Word lists of our own. Given and family names are common ones, drawn apart, so that a
// pair names nobody.

var women = []string{
	"Abigail", "Adriana", "Beatrice", "Camille", "Clara", "Dalia", "Edith", "Eleanor", "Esperanza", "Fatima",
	"Gwendolyn", "Harriet", "Imani", "Ingrid", "Joanna", "Keiko", "Lucinda", "Marisol", "Miriam", "Naomi",
	"Odessa", "Priya", "Rosalind", "Saoirse", "Tamsin", "Ursula", "Violet", "Wilhelmina", "Yolanda", "Zora",
}

var men = []string{
	"Abel", "Anselm", "Bertram", "Caleb", "Cyrus", "Desmond", "Elias", "Emmett", "Fergus", "Gideon",
	"Hector", "Ignacio", "Jasper", "Kenji", "Lionel", "Malachi", "Milo", "Nestor", "Omar", "Percival",
	"Quentin", "Rafael", "Silas", "Thaddeus", "Ulysses", "Vernon", "Wendell", "Xavier", "Yusuf", "Zachary",
}

var families = []string{
	"Abernathy", "Alvarado", "Ashgrove", "Bellweather", "Birchall", "Calloway", "Castellano", "Dunmore", "Eastwick", "Ellsworth",
	"Fairbanks", "Featherstone", "Gallardo", "Greenhalgh", "Hollister", "Ibarra", "Jankowski", "Kettering", "Kowalczyk", "Lindqvist",
	"Lockridge", "Marchetti", "McAllister", "Nakamura", "Norwood", "O'Brannigan", "Okonjo", "Pemberton", "Quillfeather", "Ramaswamy",
	"Redfern", "Santangelo", "Silverton", "Thornbury", "Tillman", "Underhill", "Vandermeer", "Wexford", "Yarborough", "Zielinski",
}

var streets = []string{
	"Alder", "Birch Hollow", "Cedar Mill", "Dogwood", "Elderberry", "Foxglove", "Garrison", "Harvest Moon", "Ironwood", "Juniper",
	"Kingfisher", "Larkspur", "Meadowlark", "North Quarry", "Old Ferry", "Pinecrest", "Quail Ridge", "Rosewood", "South Harbor", "Tamarack",
}

// places are invented towns; the three digits begin a ZIP code of the state named.
var places = []struct{ city, state, zip string }{
	{"Maple Crossing", "OH", "441"}, {"Port Ellery", "WA", "982"}, {"Granite Falls", "NH", "032"}, {"Silver Mesa", "AZ", "857"},
	{"East Harrow", "CT", "064"}, {"Lake Verity", "MN", "554"}, {"Cypress Bend", "TX", "787"}, {"Old Quarry", "PA", "180"},
	{"Fallbrook Heights", "CA", "920"}, {"Winter Haven Springs", "FL", "338"}, {"Prairie Rock", "NE", "685"}, {"Stonebridge", "NC", "277"},
}

var laboratories = []string{
	"Northgate Clinical Laboratories", "Bluestem Diagnostics", "Harbor Point Reference Lab", "Meridian Pathology Associates",
	"Summit Ridge Laboratory Services", "Tri-County Medical Laboratory", "Veritas Clinical Labs, Inc.", "Willow Creek Diagnostics LLC",
}

var hospitals = []string{
	"Saint Brendan Medical Center", "Lakeshore Regional Hospital", "Mount Alder General Hospital", "Riverbend Community Hospital",
	"Cedar Valley Memorial Hospital", "Northern Pines Health System", "Holy Cross of Ellery Hospital", "Fairhaven University Hospital",
}

var practices = []string{
	"Elm Street Family Medicine", "Lakeview Internal Medicine", "Foxglove Primary Care", "Old Ferry Medical Group",
	"Garrison Health Partners", "Juniper Women's Health", "Quail Ridge Clinic", "Tamarack Physicians",
}

var payers = []string{
	"Evergreen Mutual Health", "Blue Heron Health Plan", "Cascadia Benefit Trust", "Summit Shield Insurance",
	"Pioneer Community Health", "Lantern Health Partners", "Keystone Harbor Assurance", "Great Plains Care Network",
}

var employers = []string{
	"Acorn Manufacturing", "Bright Lantern Foods", "Coastal Freight Lines", "Delta Valley School District",
	"Ellery Shipyards", "Foxfire Software", "Granite State Credit Union", "City of Maple Crossing",
}
